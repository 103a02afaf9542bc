// Goals are bounds of ours / anchor.
export const atLeast = (ratio) => ({ ratio, atLeast: true });
export const atMost = (ratio) => ({ ratio, atLeast: false });
