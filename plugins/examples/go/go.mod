module longshore/examples

go 1.24

require longshore/sdk v0.0.0

replace longshore/sdk => ../../sdk/go
