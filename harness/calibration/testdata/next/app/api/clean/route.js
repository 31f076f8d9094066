export const dynamic = 'force-dynamic'

// Keeps nothing.
export const GET = () => Response.json({ ok: true })
