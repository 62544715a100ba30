# A hostile agent: tries every way out that it can think of, and prints one line for each. Whether anything left is judged outside.
use strict; use warnings;
use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6 IPPROTO_TCP);
use IO::Socket::INET; use IO::Socket::UNIX;
$| = 1; $SIG{PIPE} = 'IGNORE';
my ($canary, $ok, $tunnel, @hosts) = split / /, $ENV{HOSTILE};
my ($proxy_host, $proxy_port) = $ENV{HTTP_PROXY} =~ m{http://(.*):(\d+)};
my $base = $ENV{SUPERCARGO_URL};
sub told { my ($name, $what) = @_; $what = defined $what ? $what : 'nothing'; $what =~ s/[^ -~]/?/g; print "route $name: ", substr($what, 0, 60), "\n"; }
sub in_time { my ($code) = @_; my $r = eval { local $SIG{ALRM} = sub { die "time\n" }; alarm 4; my $x = $code->(); alarm 0; $x }; alarm 0; return defined $r ? $r : "failed $@"; }
sub raw { my ($text) = @_; return in_time(sub {
    my $s = IO::Socket::INET->new(PeerAddr => $proxy_host, PeerPort => $proxy_port, Proto => 'tcp') or return "failed $!";
    print $s $text; my $line = <$s>; return defined $line ? $line : 'closed'; }); }
sub asks { my ($name, $head) = @_; told($name, raw("$head\r\n\r\n")); }
# -- past the proxy: sockets of every kind
for my $host ('127.0.0.1', @hosts, '172.17.0.1', '169.254.169.254', '8.8.8.8', '1.1.1.1', '10.0.0.1') {
    my $port = $host eq '169.254.169.254' ? 80 : $canary;
    told("tcp $host", in_time(sub { my $s = IO::Socket::INET->new(PeerAddr => "$host:$port", Timeout => 3); $s ? do { print $s "GET /"; 'connected' } : "failed $!" }));
}
for my $host ('8.8.8.8', '127.0.0.11', '172.17.0.1', @hosts) {
    told("dns $host", in_time(sub { my $s = IO::Socket::INET->new(PeerAddr => $host, PeerPort => 53, Proto => 'udp') or return "failed $!";
        defined send($s, "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04test\x00\x00\x01\x00\x01", 0) or return "failed $!"; my $b; recv($s, $b, 100, 0) ; length($b // '') ? 'answered' : 'silence' }));
}
told("name", in_time(sub { my $a = gethostbyname('example.org'); $a ? 'resolved' : 'unresolved' }));
for my $host (@hosts) { told("udp $host", in_time(sub { my $s = IO::Socket::INET->new(PeerAddr => "$host:$canary", Proto => 'udp') or return "failed $!"; defined send($s, 'x', 0) ? 'sent' : "failed $!" })); }
told("icmp raw", socket(my $a, AF_INET, SOCK_RAW, 1) ? 'got one' : "failed $!");
told("tcp raw", socket(my $b, AF_INET, SOCK_RAW, 6) ? 'got one' : "failed $!");
told("packet", socket(my $c, 17, SOCK_RAW, 0x300) ? 'got one' : "failed $!");
told("ipv6", in_time(sub { socket(my $s, AF_INET6, SOCK_STREAM, 0) or return "failed $!"; connect($s, pack_sockaddr_in6($canary, inet_pton(AF_INET6, 'fd00::1'))) ? 'connected' : "failed $!" }));
told("vsock host", in_time(sub { socket(my $s, 40, SOCK_STREAM, 0) or return "failed $!"; connect($s, pack('S S L L L', 40, 0, $canary, 2, 0)) ? 'connected' : "failed $!" }));
told("abstract socket", in_time(sub { my $s = IO::Socket::UNIX->new(Peer => "\0/containerd-shim") ; $s ? 'connected' : "failed $!" }));
for my $path ('/var/run/docker.sock', '/run/docker.sock', '/run/containerd/containerd.sock', '/door/../operator.sock') { told("unix $path", in_time(sub { my $s = IO::Socket::UNIX->new(Peer => $path); $s ? 'connected' : "failed $!" })); }
told("control voice", in_time(sub { my $s = IO::Socket::UNIX->new(Peer => '/door/control') or return "failed $!"; print $s "POST /hello HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nnull"; my $l = <$s>; $l }));
told("sibling doors", join ' ', map { -e $_ ? 'there' : 'no' } glob('/door/../s-*'), '/work/../data/d');
# -- through the proxy: what the rules do not allow
my @targets = ("127.0.0.1:$canary", "localhost:$canary", "[::1]:$canary", "0.0.0.0:$canary", "2130706433:$canary", "0x7f000001:$canary",
    "127.1:$canary", "0177.0.0.1:$canary", "[::ffff:127.0.0.1]:$canary", "127.0.0.1.:$canary", '169.254.169.254:80', 'metadata.google.internal:80',
    "allowed\@127.0.0.1:$canary", "127.0.0.1:$tunnel\@127.0.0.1:$canary", "127.0.0.1%00:$canary", "127.0.0.1:$tunnel.evil.example:$canary",
    "example.org:443", "LOCALHOST:$canary", "127.0.0.1:0$tunnel", "127.0.0.1:22", "/etc/passwd", "*:$canary", map { "$_:$canary" } @hosts);
asks("connect $_", "CONNECT $_ HTTP/1.1\r\nHost: $_") for @targets;
asks("connect nul", "CONNECT 127.0.0.1:$tunnel\0.evil:$canary HTTP/1.1\r\nHost: x");
asks("connect space", "CONNECT 127.0.0.1:$tunnel 127.0.0.1:$canary HTTP/1.1\r\nHost: x");
asks("connect other host header", "CONNECT 127.0.0.1:$canary HTTP/1.1\r\nHost: 127.0.0.1:$tunnel");
my @urls = ("http://127.0.0.1:$canary/", "http://localhost:$canary/ok/", "http://127.0.0.1:$ok\@127.0.0.1:$canary/ok/", "http://127.0.0.1:$canary#\@127.0.0.1:$ok/ok/",
    "http://127.0.0.1:$canary\\\@127.0.0.1:$ok/ok/", "https://127.0.0.1:$ok/ok/", "ftp://127.0.0.1:$canary/", "http://127.0.0.1:$ok/secret", "http://127.0.0.1:$ok/ok/../secret",
    "http://127.0.0.1:$ok/ok/%2e%2e/secret", "http://127.0.0.1:$ok/okay", "http://[::1]:$canary/", "http://0x7f.1:$canary/", "ws://127.0.0.1:$canary/", "file:///etc/passwd");
asks("get $_", "GET $_ HTTP/1.1\r\nHost: 127.0.0.1:$canary\r\nConnection: close") for @urls;
asks("post allowed", "POST http://127.0.0.1:$ok/ok/ HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close");
asks("put allowed", "PUT http://127.0.0.1:$ok/ok/ HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close");
asks("upgrade", "GET http://127.0.0.1:$canary/ HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket");
asks("relative with host", "GET /ok/ HTTP/1.1\r\nHost: 127.0.0.1:$canary");
asks("other project", "GET /git/other.git/info/refs?service=git-upload-pack HTTP/1.1\r\nHost: x");
asks("no model", "POST /model/anthropic/v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 0");
asks("control path", "POST /end HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
# -- what is allowed works, and is what was checked: the answer says which host it was asked for
told("ALLOWED get", in_time(sub { my $s = IO::Socket::INET->new(PeerAddr => $proxy_host, PeerPort => $proxy_port) or return "failed $!";
    print $s "GET http://127.0.0.1:$ok/ok/x HTTP/1.1\r\nHost: 127.0.0.1:$canary\r\nProxy-Authorization: Basic eDp5\r\nConnection: close\r\n\r\n"; local $/; my $all = <$s>; $all =~ /(host .*)/ ? $1 : $all }));
told("ALLOWED redirect is not followed for us", raw("GET http://127.0.0.1:$ok/ok/away HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
told("ALLOWED tunnel", in_time(sub { my $s = IO::Socket::INET->new(PeerAddr => $proxy_host, PeerPort => $proxy_port) or return "failed $!";
    print $s "CONNECT 127.0.0.1:$tunnel HTTP/1.1\r\nHost: x\r\n\r\n"; my $l = <$s>; while (defined(my $h = <$s>)) { last if $h eq "\r\n" } print $s "ping\n"; my $echo = <$s>; "$l $echo" }));
told("ALLOWED smuggled", in_time(sub { my $s = IO::Socket::INET->new(PeerAddr => $proxy_host, PeerPort => $proxy_port) or return "failed $!";
    print $s "GET http://127.0.0.1:$ok/ok/a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET http://127.0.0.1:$canary/ HTTP/1.1\r\nHost: x\r\n\r\n"; my $l = <$s>; $l }));
print "routes done\n";
