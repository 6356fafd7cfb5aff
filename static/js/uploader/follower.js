// What becomes of uploads that are complete: asked for many at once.

const FIRST_WAIT = 400;
const LONGEST_WAIT = 5000;
const WAIT_WHEN_REFUSED = 30_000;
const MOST_AT_ONCE = 200;

export class Follower {
  #doors;
  #followed = new Map();
  #wait = FIRST_WAIT;
  #timer = 0;

  constructor(doors) {
    this.#doors = doors;
  }

  /** Tell `transfer.follow` what becomes of it, until `transfer.isFollowed` is false. */
  add(transfer) {
    if (this.#followed.has(transfer.id)) return;
    this.#followed.set(transfer.id, transfer);
    this.#wait = FIRST_WAIT;
    this.#timer ||= setTimeout(() => this.#ask(), this.#wait);
  }

  async #ask() {
    const asked = [...this.#firstFollowed()];
    try {
      const { uploads } = await this.#doors.states(asked.map((transfer) => transfer.id));
      const news = new Map(uploads.map((document) => [document.id, document]));
      const hasMoved = asked.map((transfer) => tell(transfer, news.get(transfer.id))).some(Boolean);
      this.#wait = hasMoved ? FIRST_WAIT : Math.min(LONGEST_WAIT, this.#wait * 1.5);
      for (const transfer of asked) this.#askLast(transfer);
    } catch (error) {
      this.#wait = error.isPassing ? LONGEST_WAIT : WAIT_WHEN_REFUSED;
    }
    this.#timer = this.#followed.size ? setTimeout(() => this.#ask(), this.#wait) : 0;
  }

  *#firstFollowed() {
    let count = 0;
    for (const [id, transfer] of this.#followed) {
      if (count === MOST_AT_ONCE) return;
      if (!transfer.isFollowed) {
        this.#followed.delete(id);
        continue;
      }
      count += 1;
      yield transfer;
    }
  }

  #askLast(transfer) {
    this.#followed.delete(transfer.id);
    if (transfer.isFollowed) this.#followed.set(transfer.id, transfer);
  }
}

/** Whether that was news. */
function tell(transfer, document) {
  if (!transfer.isFollowed) return false;
  const before = transfer.state;
  if (document) transfer.follow(document);
  else transfer.isGone();
  return transfer.state !== before;
}
