export default { cacheDir: process.env.TMPDIR + "/vite", server: { watch: null } };
