// Runs the engine's decisions against a line that exists only in figures. Evaluated in a page by test_uploader_pace.py.
//
// (pace, line) => {targets: [connections every second], mean: megabytes a second over all, uses: mean connections in the last half}
// `line` = {seconds, seed, each(t): bytes a millisecond that one connection can carry, capacity(t): all of them together,
// noise: relative deviation of one connection in a second, most}
(pace, { seconds, seed, each, capacity, noise, most = 24, start = 4 }) => {
  const random = generator(seed);
  const climber = new pace.Climber({ start, most });
  const speeds = Array.from({ length: most }, () => 1);
  const targets = [];
  const STEP = 250;
  let bytes = 0;
  for (let now = 0; now < seconds * 1000; now += STEP) {
    // What one connection carries wanders: losses come in bursts and are remembered for a while.
    for (let line = 0; line < most; line += 1) {
      if (random() < STEP / 1000) speeds[line] = Math.max(0.05, 1 + noise * (random() + random() + random() - 1.5) * 2);
    }
    const wanted = speeds.slice(0, climber.target).reduce((sum, speed) => sum + speed * each(now / 1000), 0);
    bytes += Math.min(wanted, capacity(now / 1000)) * STEP * (1 + 0.02 * (random() - 0.5));
    climber.tick(now, bytes, climber.target);
    if (now % 1000 === 0) targets.push(climber.target);
  }
  const late = targets.slice(targets.length / 2);
  return { targets, mean: bytes / seconds / 1e6, uses: late.reduce((sum, n) => sum + n, 0) / late.length };

  function generator(state) {
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
  }
};
