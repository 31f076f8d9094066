module.exports = { uiHost: "127.0.0.1", flowFile: "flows.json", logging: { console: { level: "warn" } }, diagnostics: { enabled: false } };
