const ID_BYTES = 16;
const NONE = -1;
const GONE = -2;
const FULL = 0.8;
/** After a clean-up: or the next one would come with the next id. */
const ROOMY = 0.7;
/** Doubling would leave a third of it empty. */
const GROWTH = 1.25;

/**
 * Which key a memory has in an index, and the change its vector came with: some 38 bytes a memory. A map of texts and objects
 * takes six times that, which is half of what a small vector takes.
 */
export class IdTable {
  /** Two halves an id, by key. */
  #ids = new BigUint64Array(2 * 16);
  #changes = new Float64Array(16);
  /** Keys by the hash of their id, at most four fifths full. */
  #places = new Int32Array(32).fill(NONE);
  #used = 0;
  #size = 0;
  #next = 0;
  readonly #free: number[] = [];

  get size(): number {
    return this.#size;
  }

  keyOf(id: string): number | undefined {
    const [high, low] = halves(id);
    const key = this.#places[this.#find(high, low)] as number;
    return key >= 0 ? key : undefined;
  }

  changeOf(id: string): number | undefined {
    const key = this.keyOf(id);
    return key === undefined ? undefined : this.#changes[key];
  }

  /** Of an id that is not there yet: its key from now on. */
  add(id: string, change: number): number {
    const key = this.#free.pop() ?? this.#next++;
    if (key >= this.#changes.length) this.#growKeys();
    if (this.#used + 1 > FULL * this.#places.length) this.#growPlaces();
    const [high, low] = halves(id);
    this.#ids[2 * key] = high;
    this.#ids[2 * key + 1] = low;
    this.#changes[key] = change;
    this.#place(key);
    this.#size++;
    return key;
  }

  /** The key that it had; another id may get it. */
  remove(id: string): number | undefined {
    const [high, low] = halves(id);
    const at = this.#find(high, low);
    const key = this.#places[at] as number;
    if (key < 0) return undefined;
    this.#places[at] = GONE;
    this.#free.push(key);
    this.#size--;
    return key;
  }

  idOf(key: number): string {
    const hex = (half: number): string => (this.#ids[2 * key + half] as bigint).toString(16).padStart(ID_BYTES, '0');
    const text = hex(0) + hex(1);
    return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`;
  }

  /** Where the id is, or the empty place at which the search for it ends. */
  #find(high: bigint, low: bigint): number {
    const mask = this.#places.length - 1;
    for (let at = hashOf(low) & mask; ; at = (at + 1) & mask) {
      const key = this.#places[at] as number;
      if (key === NONE) return at;
      if (key >= 0 && this.#ids[2 * key + 1] === low && this.#ids[2 * key] === high) return at;
    }
  }

  #place(key: number): void {
    const mask = this.#places.length - 1;
    let at = hashOf(this.#ids[2 * key + 1] as bigint) & mask;
    while (this.#places[at] !== NONE) at = (at + 1) & mask;
    this.#places[at] = key;
    this.#used++;
  }

  #growKeys(): void {
    const [ids, changes] = [this.#ids, this.#changes];
    const room = Math.ceil(changes.length * GROWTH);
    this.#ids = new BigUint64Array(2 * room);
    this.#ids.set(ids);
    this.#changes = new Float64Array(room);
    this.#changes.set(changes);
  }

  /** Places of ids that went are empty afterwards. */
  #growPlaces(): void {
    const live = this.#places.filter((key) => key >= 0);
    let length = this.#places.length;
    while (live.length + 1 > ROOMY * length) length *= 2;
    this.#places = new Int32Array(length).fill(NONE);
    this.#used = 0;
    for (const key of live) this.#place(key);
  }
}

const halves = (id: string): readonly [bigint, bigint] => {
  const hex = id.replaceAll('-', '');
  return [BigInt(`0x${hex.slice(0, ID_BYTES)}`), BigInt(`0x${hex.slice(ID_BYTES)}`)];
};

/** The end of an id is random, its begin is the time. */
const hashOf = (low: bigint): number => Number(BigInt.asUintN(31, low ^ (low >> 31n)));
