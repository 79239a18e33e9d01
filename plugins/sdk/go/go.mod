module longshore/sdk

go 1.24
