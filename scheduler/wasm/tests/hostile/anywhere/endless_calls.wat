;; Never answers, and spends its time in the host.
(func $evil (loop $for_ever (drop (call $clock-now)) (br $for_ever)))
