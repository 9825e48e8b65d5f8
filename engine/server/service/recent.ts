/** The few values that were last asked for, by key; those asked for longest ago are let go. */
export class Recent<V> {
  private readonly most: number;
  private readonly values = new Map<string, V>();

  constructor(most: number) {
    this.most = most;
  }

  /** The value of a key, made if it is not there. */
  get(key: string, make: () => V): V {
    const value = this.values.get(key) ?? make();
    this.values.delete(key);
    this.values.set(key, value);
    for (const oldest of this.values.keys()) {
      if (this.values.size <= this.most) break;
      this.values.delete(oldest);
    }
    return value;
  }

  /** The value of a key, if it is there. */
  peek(key: string): V | undefined {
    return this.values.get(key);
  }

  delete(key: string): void {
    this.values.delete(key);
  }
}
