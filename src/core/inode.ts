/** The root directory; its home is server 0. It always exists. */
export const rootIno = 0;

/** What an inode is: values on the wire and on disk, never reused. */
export const fileKind = 1;
export const directoryKind = 2;
