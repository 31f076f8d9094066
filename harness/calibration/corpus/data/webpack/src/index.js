import { add } from './add.js'
document.title = add('cor', 'pus')
