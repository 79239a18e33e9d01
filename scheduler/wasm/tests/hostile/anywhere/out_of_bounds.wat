;; Reads what is not there.
(func $evil (drop (i32.load (i32.const -4))))
