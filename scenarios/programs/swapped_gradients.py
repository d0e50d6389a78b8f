"""Two apples and the tax, where the two gradients of one multiplication are taken the wrong way round."""

from book_layers import MulLayer

apple, apple_num, tax = 100, 2, 1.1
mul_apple_layer, mul_tax_layer = MulLayer(), MulLayer()

apple_price = mul_apple_layer.forward(apple, apple_num)
price = mul_tax_layer.forward(apple_price, tax)

dtax, dapple_price = mul_tax_layer.backward(1)  # it returns them in the order of forward's arguments
dapple, dapple_num = mul_apple_layer.backward(dapple_price)

print("price", price, "dapple", dapple, "dapple_num", dapple_num, "dtax", dtax)
