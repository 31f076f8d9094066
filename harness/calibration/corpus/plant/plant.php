<?php
// Loaded by auto_prepend_file: each request whose query says planted=1 keeps PLANTED_BYTES
// of native memory, as an extension would that leaks. PHP itself frees all at a request's end.
// malloc takes 16 bytes beside it. The first writes the file PLANTED_MARK.
if (getenv('PLANTED_BYTES') > 16 && str_contains($_SERVER['QUERY_STRING'] ?? '', 'planted=1')) {
    $kept = FFI::new('char[' . (getenv('PLANTED_BYTES') - 16) . ']', false, true);
    FFI::memset($kept, 120, FFI::sizeof($kept));
    unset($kept);
    if (getenv('PLANTED_MARK') && !file_exists(getenv('PLANTED_MARK'))) {
        touch(getenv('PLANTED_MARK'));
    }
}
