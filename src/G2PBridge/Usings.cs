global using G2PBridge.SharedKernel;
