export const dynamic = 'force-dynamic'

const kept = []

// Keeps 60 numbers of 8 bytes for ever, some 512 bytes in all.
export function GET () {
  kept.push(new Array(60).fill(Math.random()))
  return Response.json({ kept: kept.length })
}
