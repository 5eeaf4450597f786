# 第一行写 NUMBER = 你的编号
