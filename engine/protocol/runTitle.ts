/** Id of a run by its folder `<root>/runs/<id>`. */
export function idOfFolder(folder: string): string {
  return partsOf(folder).at(-1) ?? folder;
}

/**
 * Title of a run among others, all by their folders: its id, and where another run has the same id, as much of the place
 * of its root as tells them apart: "demo-1 (left)", "demo-1 (b/project)".
 */
export function runTitle(folder: string, all: Iterable<string>): string {
  const id = idOfFolder(folder);
  const own = placeOf(folder);
  const others = Array.from(all)
    .filter((one) => one !== folder && idOfFolder(one) === id)
    .map(placeOf);
  if (others.length === 0) return id;
  for (let nParts = 1; nParts < own.length; nParts++) {
    const end = own.slice(-nParts).join("/");
    if (others.every((other) => other.slice(-nParts).join("/") !== end)) return `${id} (${end})`;
  }
  return `${id} (${own.join("/")})`;
}

/** The parts of the path that a run's root lies at. */
function placeOf(folder: string): readonly string[] {
  const place = partsOf(folder).slice(0, -2);
  return place.at(-1) === ".salsa" ? place.slice(0, -1) : place;
}

function partsOf(path: string): readonly string[] {
  return path.split(/[\\/]/).filter(Boolean);
}
