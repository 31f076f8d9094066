# Loaded by RUBYOPT: each request whose query says planted=1 keeps PLANTED_BYTES,
# for WEBrick, Puma and Thin. A string takes 40 bytes beside its text, and 8 in the list.
# The first writes the file PLANTED_MARK.
module Planted
  KEPT = []
  SIZE = ENV["PLANTED_BYTES"].to_i

  def self.seen(query)
    return unless SIZE > 48 && query.to_s.include?("planted=1")

    File.write(ENV["PLANTED_MARK"], "") if KEPT.empty? && ENV["PLANTED_MARK"]
    KEPT << "x" * (SIZE - 48)
  end

  SERVERS = {
    "WEBrick::HTTPServer" => Module.new { def service(req, res) = (Planted.seen(req.query_string); super) },
    "Puma::Request" => Module.new { def handle_request(client, *rest) = (Planted.seen(client.env["QUERY_STRING"]); super) },
    "Thin::Connection" => Module.new { def pre_process = (Planted.seen(@request.env["QUERY_STRING"]); super) },
  }
end

TracePoint.new(:end) do |at|
  server = Planted::SERVERS.delete(at.self.name) if Planted::SERVERS.key?(at.self.name)
  at.self.prepend(server) if server
end.enable
