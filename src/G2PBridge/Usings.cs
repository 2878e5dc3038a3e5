global using System.Globalization;
global using G2PBridge.SharedKernel;
