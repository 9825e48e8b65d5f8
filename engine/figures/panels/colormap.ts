/**
 * Stops of a sequence of colours from low to high, evenly spaced: lightness rises with the value, so that it is read in
 * grey and with any kind of colour vision, as in viridis (van der Walt & Smith 2015), after which they are modelled.
 */
const STOPS = [
  [62, 13, 84],
  [66, 62, 132],
  [46, 108, 142],
  [32, 150, 138],
  [94, 199, 98],
  [248, 228, 60],
] as const;

/** The colour of a share between 0 and 1, as hexadecimal digits; shares beyond the ends have the ends' colours. */
export function heatColor(share: number): string {
  const place = Math.min(1, Math.max(0, share)) * (STOPS.length - 1);
  const below = Math.min(STOPS.length - 2, Math.floor(place));
  const [low, high] = [STOPS[below] ?? STOPS[0], STOPS[below + 1] ?? STOPS[0]];
  const digits = low.map((from, channel) => {
    const value = Math.round(from + (place - below) * ((high[channel] ?? from) - from));
    return value.toString(16).padStart(2, "0");
  });
  return `#${digits.join("")}`;
}
