;; The host is given memory that is not aligned.
(func $realloc (param i32 i32 i32 i32) (result i32) (i32.const 196609))
