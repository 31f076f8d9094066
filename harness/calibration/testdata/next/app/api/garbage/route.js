export const dynamic = 'force-dynamic'

// Makes 2,000 objects that die.
export function GET () {
  const rows = Array.from({ length: 2000 }, (_, i) => ({ i, text: `row ${i}` }))
  return Response.json({ rows: rows.length, last: rows.at(-1) })
}
