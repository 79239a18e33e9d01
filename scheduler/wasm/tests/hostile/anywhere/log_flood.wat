;; Says the same for ever.
(data (i32.const 2048) "the end is near")
(func $evil (loop $again (call $log (i32.const 3) (i32.const 2048) (i32.const 15)) (br $again)))
