/** Layouts of other tools that results can be written in as well. */
export const formatNames = ["ior", "ior-json", "elbencho"] as const;
export type FormatName = (typeof formatNames)[number];
