// Has the precompiled headers of the tests built (tests/CMakeLists.txt).
