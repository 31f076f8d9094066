export const dynamic = 'force-dynamic'

const kept = []

// Keeps a string of 4 KiB for ever.
export function GET () {
  kept.push(Buffer.alloc(4096, 97).toString('latin1') + kept.length)
  return Response.json({ kept: kept.length })
}
