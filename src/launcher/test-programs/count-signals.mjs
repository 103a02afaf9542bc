// Says what signals it gets, for a second after the first one, then ends with status 6.
const got = [];
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    if (got.push(signal) === 1) {
      setTimeout(() => {
        console.log(got.join(" "));
        process.exit(6);
      }, 1000);
    }
  });
}
console.log(`up ${process.env.BENCHFS_SUPERVISED} ${process.argv.slice(2).join(" ")}`);
setTimeout(() => process.exit(1), 20_000);
