;; Floods the API server with events about a pod with a giant UID.
(func $evil (loop $again
    (call $emit (i32.const 65536) (i32.const 100000) (i32.const 1)
        (i32.const 65536) (i32.const 100000) (i32.const 65536) (i32.const 100000))
    (br $again)))
