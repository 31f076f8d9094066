<%@ page session="false" import="java.time.Year" %><html><body><p>It is <%= Year.now() %>.</p></body></html>
