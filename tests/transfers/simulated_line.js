// Runs the engine's decisions against a line that exists only in figures. Evaluated in a page by test_uploader_lines.py.
//
// (pace, line) => {targets: [connections every second], mean: megabytes a second, uses: mean connections in the last third}
// `line` = {seconds, seed, each(t): bytes a millisecond that one connection can carry, capacity(t): all of them together,
// noise: how much the speed of one connection wanders, pause: milliseconds between two requests of a connection}
(pace, { seconds, seed, each, capacity, noise, pause = 200, most = 24, start = 4 }) => {
  const STEP = 50;
  const random = generator(seed);
  const climber = new pace.Climber({ start, most });
  const lines = Array.from({ length: most }, () => ({ speed: 1, size: 0, left: 0, rests: 0 }));
  const targets = [];
  let [bytes, rate, area] = [0, 0, 0];
  for (let now = 0; now < seconds * 1000; now += STEP) {
    for (const line of lines) {
      // Losses come in bursts, and what they do to a connection lasts for a second or so.
      if (random() < STEP / 1000) line.speed = Math.max(0.1, 1 + noise * (random() + random() + random() - 1.5) * 2);
    }
    lines.slice(0, climber.target).forEach((line) => line.left > 0 || begin(line, now));
    const busy = lines.filter((line) => line.left > 0);
    area += busy.length * STEP;
    const sending = busy.filter((line) => line.rests <= now);
    const wanted = sending.reduce((sum, { speed }) => sum + speed * each(now / 1000), 0);
    const share = wanted ? Math.min(1, capacity(now / 1000) / wanted) : 0;
    for (const line of sending) {
      line.left -= line.speed * each(now / 1000) * share * STEP;
      if (line.left <= 0) arrive(line, now);
    }
    climber.tick(now, busy.length);
    if (now % 1000 === 0) targets.push(climber.target);
  }
  const late = targets.slice((targets.length * 2) / 3);
  return { targets, mean: bytes / seconds / 1e6, uses: late.reduce((sum, n) => sum + n, 0) / late.length };

  function begin(line, now) {
    const { isCurious, target } = climber;
    line.size = pace.requestSize({ left: Infinity, lines: target, rate, partSize: 16 * 1024 ** 2, isCurious });
    const busy = lines.filter(({ left }) => left > 0).length + 1;
    const request = climber.begun(now, { size: line.size, busy });
    Object.assign(line, { left: line.size, rests: now + pause, begun: now, areaThen: area, request });
  }

  function arrive(line, now) {
    const elapsed = now - line.begun + STEP;
    bytes += line.size;
    rate += (rate ? 0.2 : 1) * (line.size / elapsed - rate);
    climber.arrived(now + STEP, line.request, (area - line.areaThen) / elapsed);
  }

  function generator(state) {
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
  }
};
