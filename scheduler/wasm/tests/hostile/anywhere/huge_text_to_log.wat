;; Hands the host a text of nearly 4 GiB.
(func $evil (call $log (i32.const 1) (i32.const 0) (i32.const -1)))
