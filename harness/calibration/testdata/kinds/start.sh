#!/bin/sh
# As packages of Java do: a script that ends in exec.
exec java -Dsun.net.httpserver.nodelay=true Figures.java
