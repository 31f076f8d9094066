exports.all = Array.from({length: 40}, (_, i) => ({rule: i, allow: i % 2 === 0, of: `page ${i}`}));
