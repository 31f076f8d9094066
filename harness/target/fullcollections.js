// Every collection of V8 is a full one, so that RSS follows what is alive.
'use strict'
require('v8').setFlagsFromString('--gc-global')
