;; Hands the host a text that begins nowhere.
(func $evil (call $log (i32.const 1) (i32.const -16) (i32.const 15)))
