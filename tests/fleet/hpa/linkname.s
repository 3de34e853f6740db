// Lets controller.go declare a function without a body.
