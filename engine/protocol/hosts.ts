/** Longest name of a host with its user. */
const LONGEST = 255;

/**
 * True for what may be given to ssh as a host: a name of its config, a machine's, or `user@machine`. Nothing that ssh
 * could take for an option, no other form of address, and nothing that a shell would read otherwise.
 */
export function isHostName(name: string): boolean {
  return name.length <= LONGEST && /^(?:[A-Za-z0-9_][A-Za-z0-9_.+-]*@)?[A-Za-z0-9_][A-Za-z0-9_.:-]*$/.test(name);
}

/** Names that an ssh config has entries for, in its order; patterns are no names. */
export function hostsOf(config: string): readonly string[] {
  const names = config.split(/\r?\n/).flatMap((line) => {
    const [, list = ""] = /^\s*host\s*(?:\s|=)\s*(.*)$/i.exec(line) ?? [];
    return list.replaceAll('"', "").trim().split(/\s+/);
  });
  return [...new Set(names.filter(isHostName))];
}
