/** Stages of a run: more are refused in configs, and left out of logs. */
export const MOST_STAGES = 10_000;

/** Alarms of a run that are kept: the first ones. */
export const MOST_ALARMS = 10_000;

/** Log messages of a run that are kept: the last ones, of the earlier some. */
export const MOST_NOTES = 500;

/** Longest log message that is kept in a run's state, in UTF-16 units; the log itself has all of it. */
export const LONGEST_MESSAGE = 2000;

/** Tables of a run that are kept. */
export const MOST_TABLES = 100;

/** Metrics in one record, and those of one stage. */
export const MOST_METRICS = 1000;

/** Longest name, id or key in a record, in UTF-16 units. */
export const LONGEST_NAME = 1000;

/** Longest text in a record, such as an error's message, in UTF-16 units. */
export const LONGEST_TEXT = 1_000_000;

/** Stages that one is made from: a soup of every SFT has the most. */
export const MOST_INPUTS = 2000;

/** Models of the editor's that a run waits for at a time: a panel has no more members. */
export const MOST_WAITS = 20;
