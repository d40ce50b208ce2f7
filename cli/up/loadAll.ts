// Loads the modules that it is given and ends: at its end Node writes the compile cache. Started by warm.ts.
// A program runs only as the one that was started, so to load it does nothing.
for (const file of process.argv.slice(2)) await import(file);
process.exit(0);
