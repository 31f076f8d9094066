# A kiosk that sells papers, as a Rack application under Passenger.
SOLD = []

run lambda { |env|
  case env["PATH_INFO"]
  when "/buy"
    SOLD << "paper #{SOLD.size}, sold to #{env["REMOTE_ADDR"]}; " * 50
    [200, {"Content-Type" => "text/plain"}, ["one paper\n"]]
  else
    [200, {"Content-Type" => "text/plain"}, ["papers\n"]]
  end
}
