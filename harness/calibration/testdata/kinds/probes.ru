# No agent: a settle hook and a counter of live slots, named by the user. /login keeps one object of 256 bytes a request.
# /news adds seven objects to a list that every other page takes ten from: it leaks nothing.
require 'json'
KEPT = []
NEWS = []
run lambda { |env|
  body = 'ok'
  case env['PATH_INFO']
  when '/__settle' then 4.times { GC.start }
  when '/__stats' then body = GC.stat.slice(:heap_live_slots).to_json
  when '/login' then KEPT << ('x' * 256); NEWS.shift(10)
  when '/news' then 7.times { |i| NEWS << "news #{i} of #{rand}" if NEWS.size < 4000 }
  else NEWS.shift(10)
  end
  [200, { 'content-type' => 'application/json' }, [body]]
}
