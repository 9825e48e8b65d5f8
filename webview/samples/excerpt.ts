/** Characters before a hit that are shown with it. */
const LEAD = 30;

/** The part of a text that a row shows: its beginning, or the surroundings of the first search hit if that is later. */
export function excerpt(text: string, search: string, length: number): string {
  if (text.length <= length) return text;
  const hit = search === "" ? -1 : text.toLocaleLowerCase().indexOf(search.toLocaleLowerCase());
  const start = hit + search.length <= length ? 0 : hit - LEAD;
  const end = start + length;
  return `${start > 0 ? "…" : ""}${text.slice(start, end)}${end < text.length ? "…" : ""}`;
}
