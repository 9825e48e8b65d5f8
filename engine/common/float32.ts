/** The least and the greatest number of full precision in float32, in which models compute. */
export const [LEAST_FLOAT32, MOST_FLOAT32] = [2 ** -126, (2 - 2 ** -23) * 2 ** 127] as const;
