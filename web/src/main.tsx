import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { makeQueryClient } from "@/api/query";
import { makeRouter } from "@/router";
import { Guard } from "@/ui/States";
import { TipProvider } from "@/ui/Tip";
import { ToastProvider } from "@/ui/Toasts";
import "@/styles/base.css";

const client = makeQueryClient();
const router = makeRouter(client);
const root = document.getElementById("root");

if (root) {
  createRoot(root).render(
    <StrictMode>
      <Guard>
        <QueryClientProvider client={client}>
          <TipProvider delayDuration={500} skipDelayDuration={200}>
            <ToastProvider>
              <RouterProvider router={router} />
            </ToastProvider>
          </TipProvider>
        </QueryClientProvider>
      </Guard>
    </StrictMode>,
  );
}
