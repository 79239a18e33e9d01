;; Hands the host a case that the enum has not.
(func $evil (call $log (i32.const 77) (i32.const 0) (i32.const 0)))
