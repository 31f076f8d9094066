module weather

go 1.26
