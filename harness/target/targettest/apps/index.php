<?php
// The PHP fixture application, for php-fpm. Its routes are documented in package
// targettest. PHP keeps nothing from one request to the next: the count is kept
// in a file per process beside this one, and what /leak keeps in memory that PHP
// does not own (FFI; ffi.enable must be on).
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
$counter = __DIR__ . '/count-' . getmypid();
$count = 1 + (int) @file_get_contents($counter);
file_put_contents($counter, (string) $count);
$bytes = fn (int $default) => (int) ($_GET['bytes'] ?? $default);

header('X-App-Pid: ' . getmypid());
header('X-App-Count: ' . $count);

function answer(int $status, string $body, string $type = 'text/plain'): void
{
    http_response_code($status);
    if ($status !== 204 && $status !== 304) {
        header('Content-Type: ' . $type);
        header('Content-Length: ' . strlen($body));
        echo $body;
    }
}

function echoed(): string
{
    $body = file_get_contents('php://input');
    $headers = [];
    foreach ($_SERVER as $name => $value) {
        if (str_starts_with($name, 'HTTP_')) {
            $headers[strtolower(strtr(substr($name, 5), '_', '-'))] = $value;
        }
    }
    foreach (['CONTENT_TYPE', 'CONTENT_LENGTH'] as $name) {
        if (($_SERVER[$name] ?? '') !== '') {
            $headers[strtolower(strtr($name, '_', '-'))] = $_SERVER[$name];
        }
    }
    $said = ['method' => $_SERVER['REQUEST_METHOD'], 'uri' => $_SERVER['REQUEST_URI'], 'headers' => $headers,
        'body_bytes' => strlen($body), 'body_sha256' => hash('sha256', $body)];
    if (strlen($body) <= 65536) {
        $said['body'] = $body;
    }
    return json_encode($said, JSON_INVALID_UTF8_SUBSTITUTE);
}

function keep(int $bytes): void
{
    $block = FFI::new("char[$bytes]", false, true);
    FFI::memset($block, ord('x'), $bytes);
}

switch (true) {
    case $path === '/pid': answer(200, (string) getmypid()); break;
    case $path === '/count': answer(200, (string) $count); break;
    case $path === '/clean' || $path === '/': answer(200, 'clean'); break;
    case $path === '/leak': keep($bytes(1024)); answer(200, 'kept'); break;
    case $path === '/echo': answer(200, echoed(), 'application/json'); break;
    case preg_match('#^/status/(\d{3})$#', $path, $m) === 1: answer((int) $m[1], "status $m[1]"); break;
    case $path === '/big': answer(200, str_repeat('x', $bytes(10 << 20))); break;
    case $path === '/empty': answer(200, ''); break;
    case $path === '/chunked':
        header('Content-Type: text/plain');
        foreach (["one\n", "two\n", "three\n"] as $piece) {
            echo $piece;
            flush();
        }
        break;
    case $path === '/redirect': header('Location: /clean'); answer(302, ''); break;
    case $path === '/crash': posix_kill(getmypid(), 9); sleep(60); break;
    default: answer(404, 'no such route');
}
